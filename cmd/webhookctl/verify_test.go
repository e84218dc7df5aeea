package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestVerify(t *testing.T) {
	const body = `{"a": 1}`
	standard := webhook.NewSecret()
	signature := "X-Frappe-Webhook-Signature: " + webhook.Sign("first", []byte(body))
	secrets := write(t, "secrets", "second\r\nfirst\n"+standard+"\n")
	old := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	for _, c := range []struct {
		name  string
		env   string
		stdin string
		args  []string
		code  int
		want  string
	}{
		{name: "right", env: "first", stdin: body, args: []string{"-H", signature}, want: "verified\n"},
		{name: "json", env: "first", stdin: body, args: []string{"--json", "-H", signature},
			want: "{\n  \"verified\": true\n}\n"},
		{name: "secrets of a file", stdin: body,
			args: []string{"--secret-file", secrets, "-H", signature}, want: "verified\n"},
		{name: "wrong secret", env: "other", stdin: body, args: []string{"-H", signature}, code: exitNo,
			want: "not verified: webhook: bad signature in X-Frappe-Webhook-Signature\n"},
		{name: "wrong in json", env: "other", stdin: body, args: []string{"--json", "-H", signature}, code: exitNo,
			want: "{\n  \"verified\": false,\n" +
				"  \"error\": \"webhook: bad signature in X-Frappe-Webhook-Signature\"\n}\n"},
		{name: "no header", env: "first", stdin: body, code: exitNo, want: "not verified: webhook: no signature\n"},
		{name: "plain header not accepted", env: "first", stdin: body, args: []string{"-H", "X-Webhook-Secret: first"},
			code: exitNo, want: "not verified: webhook: no signature\n"},
		{name: "plain header accepted", env: "first", stdin: body,
			args: []string{"--accept-secret-header", "-H", "X-Webhook-Secret: first"}, want: "verified\n"},
		{name: "renamed header", env: "first", stdin: body, want: "verified\n",
			args: []string{"--signature-header", "X-Sig", "-H", "X-Sig: " + webhook.Sign("first", []byte(body))}},
		{name: "header without a colon", env: "first", stdin: body, args: []string{"-H", "hunter2"}, code: exitUsage},
		{name: "standard, of any age", stdin: body, want: "verified\n", args: []string{"--secret-file", secrets,
			"-H", "webhook-id: msg_1", "-H", "webhook-timestamp: " + old,
			"-H", "webhook-signature: v1," + signStandard(t, standard, "msg_1", old, body)}},
		{name: "standard, too old", stdin: body, code: exitNo,
			want: "not verified: webhook: timestamp missing, malformed or outside the tolerance\n",
			args: []string{"--secret-file", secrets, "--tolerance", "5m",
				"-H", "webhook-id: msg_1", "-H", "webhook-timestamp: " + old,
				"-H", "webhook-signature: v1," + signStandard(t, standard, "msg_1", old, body)}},
		{name: "no secrets in the file", stdin: body, args: []string{"--secret-file", write(t, "none", "\n\n")},
			code: exitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WEBHOOK_SECRET", c.env)
			r := ctl(t, c.stdin, append([]string{"verify"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.stderr)
			require.Equal(t, c.want, r.out)
			require.NotContains(t, r.stderr, "hunter2")
		})
	}
}

// signStandard signs as Standard Webhooks 1.0 says: an HMAC as Frappe's, by the
// decoded key, over more.
func signStandard(t *testing.T, secret, id, timestamp, body string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	return webhook.Sign(string(key), []byte(id+"."+timestamp+"."+body))
}

// An editor's line break at the end is the usual reason why a body that was
// saved does not verify.
func TestVerifyHintsAtALineBreak(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "first")
	signature := "X-Frappe-Webhook-Signature: " + webhook.Sign("first", []byte("{}"))
	r := ctl(t, "{}\n", "verify", "-H", signature)
	require.Equal(t, exitNo, r.code)
	require.Contains(t, r.stderr, "without the line break")
	require.NotContains(t, ctl(t, "{x}\n", "verify", "-H", signature).stderr, "line break")
}

// Headers, the secret one among them, may come from a file.
func TestVerifyHeaderFile(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "first")
	headers := write(t, "headers", "Content-Type: application/json\r\nX-Webhook-Secret: first\r\n\r\n")
	r := ctl(t, "{}", "verify", "--accept-secret-header", "--header-file", headers)
	require.Zero(t, r.code, r.stderr)
}
