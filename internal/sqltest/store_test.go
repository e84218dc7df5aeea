package sqltest_test

import (
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/internal/sqltest"
	"github.com/docevent/webhook/storetest"
)

func TestStore(t *testing.T) {
	for _, dialect := range sqltest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) webhook.Store {
				d := open(t, dialect)
				return d.store(t, d.connect(t))
			})
		})
	}
}
