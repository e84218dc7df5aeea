package webhook_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

const (
	frappeSecret   = "super-secret-key"
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherStandard  = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

func readJSON(tb testing.TB, file string, into any) {
	tb.Helper()
	data, err := os.ReadFile(file)
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(data, into))
}

type frappeVector struct{ Name, Secret, Body, Signature string }

func frappeVectors(tb testing.TB) (vectors []frappeVector) {
	readJSON(tb, "testdata/signature/frappe.json", &vectors)
	require.NotEmpty(tb, vectors)
	return vectors
}

type standardVector struct {
	Name      string
	Secrets   []string
	ID        string
	Timestamp int64
	Body      string
	Signature string
}

// The vectors but the published one were made by Python's hmac.
func standardVectors(tb testing.TB) (vectors []standardVector) {
	readJSON(tb, "testdata/signature/standard.json", &vectors)
	require.NotEmpty(tb, vectors)
	return vectors
}

func TestSignAgreesWithFrappe(t *testing.T) {
	for _, v := range frappeVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			require.Equal(t, v.Signature, webhook.Sign(v.Secret, []byte(v.Body)))
			require.NoError(t, webhook.Verify(v.Secret, []byte(v.Body), v.Signature))
		})
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"name":"SO-00001"}`)
	good := webhook.Sign("secret", body)
	tests := []struct {
		name      string
		secret    string
		body      []byte
		signature string
		want      error
	}{
		{"right", "secret", body, good, nil},
		{"no body", "secret", nil, webhook.Sign("secret", nil), nil},
		{"other body", "secret", []byte(`{"name":"SO-00002"}`), good, webhook.ErrBadSignature},
		{"other secret", "Secret", body, good, webhook.ErrBadSignature},
		{"blank after the secret", "secret ", body, good, webhook.ErrBadSignature},
		{"empty secret", "", body, webhook.Sign("", body), webhook.ErrNoSecret},
		{"empty signature", "secret", body, "", webhook.ErrNoSignature},
		{"cut short", "secret", body, good[:len(good)-1], webhook.ErrBadSignature},
		{"blank before", "secret", body, " " + good, webhook.ErrBadSignature},
		{"line break within", "secret", body, good[:10] + "\n" + good[10:], webhook.ErrBadSignature},
		{"twice", "secret", body, good + good, webhook.ErrBadSignature},
		{"other spelling of the same bytes", "secret", body, respell(good), webhook.ErrBadSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := webhook.Verify(test.secret, test.body, test.signature)
			require.ErrorIs(t, err, test.want)
		})
	}
}

// respell changes the bits of the last base64 digit that encode nothing.
func respell(signature string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := len(signature) - 2
	digit := strings.IndexByte(digits, signature[last])
	return signature[:last] + string(digits[digit^1]) + "="
}

func TestSignRequest(t *testing.T) {
	at := time.Unix(1614265330, 999_999_999)
	body := []byte(`{"test": 2432232314}`)
	const (
		byStandard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
		byOther    = "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="
	)
	standardHeader := func(signature string) http.Header {
		return http.Header{
			"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
			"Webhook-Timestamp": {"1614265330"},
			"Webhook-Signature": {signature},
		}
	}
	tests := []struct {
		name    string
		schemes []webhook.Scheme
		secrets []string
		header  string // Options.SignatureHeader
		want    http.Header
	}{
		{"no scheme", nil, nil, "", http.Header{}},
		{"none", []webhook.Scheme{webhook.SchemeNone}, []string{"old"}, "", http.Header{}},
		{
			"frappe, by the newest secret", []webhook.Scheme{webhook.SchemeFrappe},
			[]string{frappeSecret, "old"}, "",
			http.Header{"X-Frappe-Webhook-Signature": {webhook.Sign(frappeSecret, body)}},
		},
		{
			"frappe under another name", []webhook.Scheme{webhook.SchemeFrappe},
			[]string{frappeSecret}, "x-hub-signature",
			http.Header{"X-Hub-Signature": {webhook.Sign(frappeSecret, body)}},
		},
		{
			"the newest secret itself", []webhook.Scheme{webhook.SchemeSecretHeader},
			[]string{frappeSecret, "old"}, "",
			http.Header{"X-Webhook-Secret": {frappeSecret}},
		},
		{
			"standard", []webhook.Scheme{webhook.SchemeStandard},
			[]string{standardSecret}, "", standardHeader(byStandard),
		},
		{
			"standard, by every secret", []webhook.Scheme{webhook.SchemeStandard},
			[]string{otherStandard, standardSecret}, "",
			standardHeader(byOther + " " + byStandard),
		},
		{
			"standard, past an old secret of another scheme", []webhook.Scheme{webhook.SchemeStandard},
			[]string{standardSecret, frappeSecret}, "", standardHeader(byStandard),
		},
		{
			"two schemes", []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeSecretHeader},
			[]string{frappeSecret}, "",
			http.Header{
				"X-Frappe-Webhook-Signature": {webhook.Sign(frappeSecret, body)},
				"X-Webhook-Secret":           {frappeSecret},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			err := webhook.SignRequest(h, test.schemes, test.secrets, test.header,
				"msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
			require.NoError(t, err)
			require.Equal(t, test.want, h)
		})
	}
}

func TestSignRequestRefuses(t *testing.T) {
	standard := []webhook.Scheme{webhook.SchemeStandard}
	tests := []struct {
		name    string
		schemes []webhook.Scheme
		secrets []string
		id      string
		want    string
	}{
		{"no secret", []webhook.Scheme{webhook.SchemeFrappe}, nil, "msg_1",
			`sign request: scheme "frappe" needs a secret`},
		{"empty newest secret", []webhook.Scheme{webhook.SchemeFrappe}, []string{"", "old"}, "msg_1",
			`sign request: scheme "frappe" needs a secret`},
		{"secret of another scheme", standard, []string{frappeSecret}, "msg_1",
			`sign request: scheme "standard": the secret must start with whsec_`},
		{"no id", standard, []string{standardSecret}, "",
			"sign request: the delivery id is not fit for Standard Webhooks"},
		{"a full stop in the id", standard, []string{standardSecret}, "msg.1",
			"sign request: the delivery id is not fit for Standard Webhooks"},
		{"a line break in the id", standard, []string{standardSecret}, "msg\r\nX: y",
			"sign request: the delivery id is not fit for Standard Webhooks"},
		{"unknown scheme", []webhook.Scheme{"hmac"}, []string{frappeSecret}, "msg_1",
			`sign request: unknown scheme "hmac"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := webhook.SignRequest(http.Header{}, test.schemes, test.secrets, "", test.id,
				time.Unix(0, 0), nil)
			require.EqualError(t, err, test.want)
		})
	}
}

func TestSignRequestAgreesWithStandardWebhooks(t *testing.T) {
	for _, v := range standardVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			h := http.Header{}
			err := webhook.SignRequest(h, []webhook.Scheme{webhook.SchemeStandard}, v.Secrets, "",
				v.ID, time.Unix(v.Timestamp, 0), []byte(v.Body))
			require.NoError(t, err)
			require.Equal(t, v.Signature, h.Get("webhook-signature"))
			require.Equal(t, v.ID, h.Get("webhook-id"))
		})
	}
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	all := []webhook.Scheme{webhook.SchemeFrappe, webhook.SchemeStandard}
	signer, err := webhook.NewSigner(all, []string{standardSecret}, "")
	require.NoError(t, err)

	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			body := []byte(strings.Repeat("x", i))
			for range 200 {
				got, want := http.Header{}, http.Header{}
				at := time.Unix(int64(i), 0)
				errGot := webhook.SignWith(signer, got, "msg_1", at, body)
				errWant := webhook.SignRequest(want, all, []string{standardSecret}, "", "msg_1", at, body)
				if errGot != nil || errWant != nil ||
					got.Get("Webhook-Signature") != want.Get("Webhook-Signature") ||
					got.Get("X-Frappe-Webhook-Signature") != want.Get("X-Frappe-Webhook-Signature") {
					t.Errorf("goroutine %d: kept and fresh signer disagree", i)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkSigner compares a signer that is kept with one made for each
// request, on a body of a usual size.
func BenchmarkSigner(b *testing.B) {
	body := make([]byte, 988)
	schemes := []webhook.Scheme{webhook.SchemeFrappe}
	b.Run("fresh", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			err := webhook.SignRequest(http.Header{}, schemes, []string{frappeSecret}, "",
				"msg_1", time.Unix(0, 0), body)
			require.NoError(b, err)
		}
	})
	b.Run("kept", func(b *testing.B) {
		signer, err := webhook.NewSigner(schemes, []string{frappeSecret}, "")
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, webhook.SignWith(signer, http.Header{}, "msg_1", time.Unix(0, 0), body))
		}
	})
}
