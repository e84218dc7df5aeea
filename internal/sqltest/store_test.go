package sqltest_test

import (
	"sync/atomic"
	"testing"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/storetest"
)

// counter numbers the tests' tables.
var counter atomic.Int64

func TestStore(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(string(dialect.name), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) webhook.Store {
				d := open(t, dialect.name)
				return d.store(t, d.connect(t))
			})
		})
	}
}
