package main

import (
	"context"
	"os"
	"strings"

	"github.com/docevent/webhook"
)

// secretFlags say by which secrets requests are verified. None is given on the
// command line, which other users can see and shells remember.
type secretFlags struct {
	SecretFile         string `placeholder:"FILE" help:"File of the secrets in force, one a line. Without it, WEBHOOK_SECRET in the environment is the secret."`
	AcceptSecretHeader bool   `help:"Accept the secret itself in X-Webhook-Secret, as Frappe Cloud sends it."`
	RequireStandard    bool   `help:"Refuse what has no Standard Webhooks signature."`
	SignatureHeader    string `placeholder:"NAME" help:"Header of Frappe's signature. Defaults to X-Frappe-Webhook-Signature."`
}

// verifier returns a verifier; its secrets may be none.
func (f *secretFlags) verifier(ctx context.Context, c *console) (*webhook.Verifier, error) {
	v := &webhook.Verifier{AcceptSecretHeader: f.AcceptSecretHeader, RequireStandard: f.RequireStandard,
		SignatureHeader: f.SignatureHeader}
	if f.SecretFile == "" {
		if secret := os.Getenv("WEBHOOK_SECRET"); secret != "" {
			v.Secrets = []string{secret}
		}
		return v, nil
	}
	data, err := c.readInput(ctx, f.SecretFile)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		if secret := strings.TrimRight(line, "\r\n"); secret != "" {
			v.Secrets = append(v.Secrets, secret)
		}
	}
	if len(v.Secrets) == 0 {
		return nil, inputError(f.SecretFile, webhook.ErrNoSecret)
	}
	return v, nil
}
