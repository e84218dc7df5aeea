package webhook_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func TestNewSecretServesEveryScheme(t *testing.T) {
	secret := webhook.NewSecret()
	text, ok := strings.CutPrefix(secret, "whsec_")
	require.True(t, ok)
	key, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	require.Len(t, key, 32)
	require.NoError(t, webhook.ValidateSecret(secret, []webhook.Scheme{
		webhook.SchemeFrappe, webhook.SchemeSecretHeader, webhook.SchemeStandard,
	}))
	require.NotEqual(t, secret, webhook.NewSecret())
}

func TestValidateSecret(t *testing.T) {
	whsec := func(n int) string {
		return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n))
	}
	const (
		frappe   = webhook.SchemeFrappe
		header   = webhook.SchemeSecretHeader
		standard = webhook.SchemeStandard
		none     = webhook.SchemeNone
	)
	const notBase64 = `scheme "standard": what follows whsec_ must be padded base64 of the standard alphabet`
	const notHeader = `scheme "secret_header": the secret must be visible ASCII ` +
		`without blanks around it, to stand in a header`
	tests := []struct {
		name    string
		secret  string
		schemes []webhook.Scheme
		want    string // "" accepts
	}{
		{"no scheme, no secret", "", nil, ""},
		{"none", "", []webhook.Scheme{none}, ""},
		{"none drops a secret", "x", []webhook.Scheme{none}, ""},
		{"none with another", "x", []webhook.Scheme{frappe, none}, `scheme "none" stands alone`},
		{"unknown", "x", []webhook.Scheme{"Frappe"}, `unknown scheme "Frappe"`},
		{"empty scheme", "x", []webhook.Scheme{""}, `unknown scheme ""`},

		{"frappe takes any text", "p\u00e4ss \r\n\x00", []webhook.Scheme{frappe}, ""},
		{"frappe without a secret", "", []webhook.Scheme{frappe}, `scheme "frappe" needs a secret`},
		{"as long as allowed", strings.Repeat("x", 4096), []webhook.Scheme{frappe}, ""},
		{"too long", strings.Repeat("x", 4097), []webhook.Scheme{frappe}, "the secret is longer than 4096 bytes"},

		{"header", "super-secret-key", []webhook.Scheme{header}, ""},
		{"header with a space within", "super secret", []webhook.Scheme{header}, ""},
		{"header without a secret", "", []webhook.Scheme{header}, `scheme "secret_header" needs a secret`},
		{"header, blank before", " key", []webhook.Scheme{header}, notHeader},
		{"header, blank after", "key ", []webhook.Scheme{header}, notHeader},
		{"header, tab", "a\tkey", []webhook.Scheme{header}, notHeader},
		{"header, line break", "key\r\nX-Admin: 1", []webhook.Scheme{header}, notHeader},
		{"header, NUL", "key\x00", []webhook.Scheme{header}, notHeader},
		{"header, outside ASCII", "schl\u00fcssel", []webhook.Scheme{header}, notHeader},

		{"standard, 24 bytes", whsec(24), []webhook.Scheme{standard}, ""},
		{"standard, 64 bytes", whsec(64), []webhook.Scheme{standard}, ""},
		{"standard, 23 bytes", whsec(23), []webhook.Scheme{standard},
			`scheme "standard": the secret must encode 24 to 64 bytes, and encodes 23`},
		{"standard, 65 bytes", whsec(65), []webhook.Scheme{standard},
			`scheme "standard": the secret must encode 24 to 64 bytes, and encodes 65`},
		{"standard, nothing encoded", "whsec_", []webhook.Scheme{standard},
			`scheme "standard": the secret must encode 24 to 64 bytes, and encodes 0`},
		{"standard without a secret", "", []webhook.Scheme{standard}, `scheme "standard" needs a secret`},
		{"standard without the prefix", whsec(24)[6:], []webhook.Scheme{standard},
			`scheme "standard": the secret must start with whsec_`},
		{"standard, prefix in capitals", "WHSEC_" + whsec(24)[6:], []webhook.Scheme{standard},
			`scheme "standard": the secret must start with whsec_`},
		{"standard, asymmetric key", "whsk_" + whsec(24)[6:], []webhook.Scheme{standard},
			`scheme "standard": the secret must start with whsec_`},
		{"standard, not base64", "whsec_" + strings.Repeat("!", 32), []webhook.Scheme{standard}, notBase64},
		{"standard, no padding", strings.TrimRight(whsec(32), "="), []webhook.Scheme{standard}, notBase64},
		{"standard, alphabet of URLs", "whsec_" + strings.Repeat("_-", 16), []webhook.Scheme{standard}, notBase64},
		{"standard, line break", whsec(24) + "\n", []webhook.Scheme{standard}, notBase64},
		{"standard, bits that encode nothing", "whsec_" + strings.Repeat("A", 33) + "B==",
			[]webhook.Scheme{standard}, notBase64},
		{"both need their own rule", frappeSecret, []webhook.Scheme{frappe, standard},
			`scheme "standard": the secret must start with whsec_`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := webhook.ValidateSecret(test.secret, test.schemes)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
			if test.secret != "" {
				require.NotContains(t, err.Error(), test.secret)
			}
		})
	}
}
