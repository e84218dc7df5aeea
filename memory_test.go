package webhook_test

import (
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/storetest"
)

func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) webhook.Store { return webhook.NewMemoryStore() })
}
