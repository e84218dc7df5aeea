package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	standardSecretPrefix = "whsec_"
	newSecretBytes       = 32
	minStandardBytes     = 24 // Standard Webhooks 1.0, "Signature scheme"
	maxStandardBytes     = 64
	maxSecretBytes       = 4 << 10 // well below what servers take as one header
)

// NewSecret returns a new random secret: whsec_ followed by the base64 of 32
// bytes. It is good for every scheme.
func NewSecret() string {
	key := make([]byte, newSecretBytes)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return standardSecretPrefix + base64.StdEncoding.EncodeToString(key)
}

// validateSecret reports why requests cannot be signed with secret by the
// schemes, or why the schemes cannot stand together. The secret is the one that
// would be in force. The error names the scheme and the rule, not the secret.
func validateSecret(secret string, schemes []Scheme) error {
	if slices.Contains(schemes, SchemeNone) && len(schemes) > 1 {
		return fmt.Errorf("scheme %q stands alone", SchemeNone)
	}
	if len(secret) > maxSecretBytes {
		return fmt.Errorf("the secret is longer than %d bytes", maxSecretBytes)
	}
	for _, scheme := range schemes {
		if err := scheme.check(secret); err != nil {
			return err
		}
	}
	return nil
}

// check reports why secret does not serve s.
func (s Scheme) check(secret string) error {
	var err error
	switch s {
	case SchemeNone:
		return nil
	case SchemeFrappe:
	case SchemeSecretHeader:
		err = checkHeaderSecret(secret)
	case SchemeStandard:
		_, err = standardKey(secret)
	default:
		return fmt.Errorf("unknown scheme %q", string(s))
	}
	if secret == "" {
		return fmt.Errorf("scheme %q needs a secret", string(s))
	}
	if err != nil {
		return fmt.Errorf("scheme %q: %w", string(s), err)
	}
	return nil
}

// standardKey decodes a secret as Standard Webhooks writes it: whsec_ and the
// base64 of 24 to 64 bytes, in the standard alphabet with its padding.
func standardKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, standardSecretPrefix)
	if !ok {
		return nil, errors.New("the secret must start with " + standardSecretPrefix)
	}
	// The decoder skips line breaks; other implementations do not.
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("what follows " + standardSecretPrefix +
			" must be padded base64 of the standard alphabet")
	}
	if len(key) < minStandardBytes || len(key) > maxStandardBytes {
		return nil, fmt.Errorf("the secret must encode %d to %d bytes, and encodes %d",
			minStandardBytes, maxStandardBytes, len(key))
	}
	return key, nil
}

// checkHeaderSecret reports why secret would not arrive as it was sent. Blanks at
// the ends are cut off on the way, and receivers disagree on what characters
// outside ASCII are.
func checkHeaderSecret(secret string) error {
	if !visibleASCII(secret) || strings.Trim(secret, " ") != secret {
		return errors.New("the secret must be visible ASCII without blanks around it, " +
			"to stand in a header")
	}
	return nil
}

// visibleASCII reports whether s has no other characters than ASCII's from the
// space to the tilde.
func visibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
