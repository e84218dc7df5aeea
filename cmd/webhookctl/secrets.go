package main

import (
	"context"
	"os"
	"strings"

	"github.com/docevent/webhook"
)

// secretSource says where secrets are. None is given on the command line, which
// other users can see and shells remember.
type secretSource struct {
	SecretFile string `placeholder:"FILE" help:"${secret_file_help}"`
}

// secrets returns the secrets; none only if none is given.
func (f *secretSource) secrets(ctx context.Context, c *console) ([]string, error) {
	if f.SecretFile == "" {
		if secret := os.Getenv("WEBHOOK_SECRET"); secret != "" {
			return []string{secret}, nil
		}
		return nil, nil
	}
	data, err := c.readInput(ctx, f.SecretFile)
	if err != nil {
		return nil, err
	}
	var secrets []string
	for line := range strings.Lines(string(data)) {
		if secret := strings.TrimRight(line, "\r\n"); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	if len(secrets) == 0 {
		return nil, inputError(f.SecretFile, webhook.ErrNoSecret)
	}
	return secrets, nil
}

// secretFlags say by which secrets requests are verified, and how.
type secretFlags struct {
	secretSource
	AcceptSecretHeader bool   `help:"Accept the secret itself in X-Webhook-Secret, as Frappe Cloud sends it."`
	RequireStandard    bool   `help:"Refuse what has no Standard Webhooks signature."`
	SignatureHeader    string `placeholder:"NAME" help:"Header of Frappe's signature. Defaults to X-Frappe-Webhook-Signature."`
}

// verifier returns a verifier; its secrets may be none.
func (f *secretFlags) verifier(ctx context.Context, c *console) (*webhook.Verifier, error) {
	secrets, err := f.secrets(ctx, c)
	if err != nil {
		return nil, err
	}
	return &webhook.Verifier{Secrets: secrets, AcceptSecretHeader: f.AcceptSecretHeader,
		RequireStandard: f.RequireStandard, SignatureHeader: f.SignatureHeader}, nil
}
