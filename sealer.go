package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// A Sealer keeps secrets unreadable where they are stored. The [Dispatcher]
// seals what it hands to the [Store] and opens what it gets back, so that no
// store can forget to.
//
// Open must return what Seal was given only if it is called with the same
// associated data, which says what the secret belongs to: a sealed secret that
// was copied to another webhook's row must not open. It returns an error that
// wraps [ErrSeal] for anything it did not seal. Neither may keep or change its
// arguments, and no error may hold a key or a part of the plain text. A Sealer
// may be called by many goroutines at once. [NewSealer] makes one; another may
// call a key management service. The library cannot tell by which key such a
// Sealer sealed a text: it must go on opening all that it ever sealed.
type Sealer interface {
	Seal(plaintext, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Errors of [Sealer], to be tested with [errors.Is].
var (
	// ErrSeal: what should be opened was never sealed, is in another format, was
	// changed, or belongs to something else.
	ErrSeal = errors.New("webhook: sealed secret cannot be opened")

	// ErrSealKey: it was sealed with a key that is not given. It wraps ErrSeal.
	ErrSealKey = fmt.Errorf("%w: sealed with an unknown key", ErrSeal)
)

// A sealed text is the version, the id of the key, and what AES-GCM makes of the
// plain text: nonce, ciphertext, tag. The tag covers all of it.
const (
	sealVersion     = 1
	sealKeyBytes    = 32
	sealKeyIDBytes  = 4
	sealHeaderBytes = 1 + sealKeyIDBytes
)

// NewSealer returns a Sealer by AES-256-GCM with random nonces. The first key
// seals, every key opens. A key is 32 random bytes and good for 2^32 seals; it is
// not kept beyond its key schedule.
//
// To replace a key, give every process the new one behind it, then in front of
// it, save all webhooks again, and take the old one away. What was sealed by
// another key than the first, or not yet, is sealed anew when it is saved,
// though nothing else of it changes:
//
//	ws, err := d.Webhooks(ctx)
//	...
//	err = d.SaveWebhooks(ctx, ws...)
//
// There must be a key, none may come twice, and each must have 32 bytes.
func NewSealer(keys ...[]byte) (Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("webhook: new sealer: no key")
	}
	s := &gcmSealer{aeads: make(map[string]cipher.AEAD, len(keys))}
	for i, key := range keys {
		if len(key) != sealKeyBytes {
			return nil, fmt.Errorf("webhook: new sealer: key %d has %d bytes, not %d",
				i, len(key), sealKeyBytes)
		}
		header := sealHeader(key)
		if s.aeads[header] != nil {
			return nil, fmt.Errorf("webhook: new sealer: key %d comes twice", i)
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, fmt.Errorf("webhook: new sealer: key %d: %w", i, err)
		}
		s.aeads[header] = aead
		if i == 0 {
			s.header = header
		}
	}
	return s, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealHeader is what begins every text sealed with key. The id tells keys apart
// and nothing about them.
func sealHeader(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("webhook sealer key id"))
	return string(append([]byte{sealVersion}, mac.Sum(nil)[:sealKeyIDBytes]...))
}

// gcmSealer is the Sealer of [NewSealer].
type gcmSealer struct {
	header string                 // of the key that seals
	aeads  map[string]cipher.AEAD // by header
}

func (s *gcmSealer) Seal(plaintext, associated []byte) ([]byte, error) {
	out := []byte(s.header)
	return s.aeads[s.header].Seal(out, nil, plaintext, covered(s.header, associated)), nil
}

// current reports whether a text was sealed by the key that seals now.
func (s *gcmSealer) current(sealed []byte) bool {
	return strings.HasPrefix(string(sealed), s.header)
}

func (s *gcmSealer) Open(sealed, associated []byte) ([]byte, error) {
	if len(sealed) < sealHeaderBytes || sealed[0] != sealVersion {
		return nil, ErrSeal
	}
	header := string(sealed[:sealHeaderBytes])
	aead := s.aeads[header]
	if aead == nil {
		return nil, ErrSealKey
	}
	plaintext, err := aead.Open(nil, nil, sealed[sealHeaderBytes:], covered(header, associated))
	if err != nil {
		return nil, ErrSeal
	}
	return plaintext, nil
}

// covered is what the tag covers beside the ciphertext.
func covered(header string, associated []byte) []byte {
	return append([]byte(header), associated...)
}
