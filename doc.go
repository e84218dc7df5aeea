// Package webhook sends document-event webhooks.
package webhook
