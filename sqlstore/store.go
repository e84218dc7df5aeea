package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/docevent/webhook"
)

// A Store keeps webhooks, deliveries and attempts in a SQL database. It is safe
// for concurrent use, and many processes may use one database. It starts no
// goroutine and holds no connection between calls. Make one with [New] or
// [NewWithOptions], and its tables with [Store.Migrate].
type Store struct {
	db      *sql.DB
	dialect *dialect
	tables  *strings.Replacer
	prefix  string
	checked atomic.Bool   // the schema is one this library knows
	writer  chan struct{} // taken by the writer, where there is one at a time; else nil
	texts   sync.Map      // textKey or bothKey to string

	mu       sync.Mutex           // guards the fields below
	prepared map[string]*sql.Stmt // by text
	sight    sight                // of the queue
}

var (
	_ webhook.Store      = (*Store)(nil)
	_ webhook.Pruner     = (*Store)(nil)
	_ webhook.Counter    = (*Store)(nil)
	_ webhook.Transactor = (*Store)(nil)
)

// Options are what can be chosen of a Store. The zero value is the default.
type Options struct {
	// Prefix begins the names of the store's tables and indexes: at most 32
	// letters, digits and underscores, not a digit first. Stores with different
	// prefixes share a database without seeing each other; to most databases
	// those that differ in case alone are the same. Defaults to "webhook_".
	Prefix string
}

// New returns a store with the default options. The caller opens db with a
// driver of its own choice, and closes it.
func New(db *sql.DB, dialect Dialect) (*Store, error) {
	return NewWithOptions(db, dialect, nil)
}

// NewWithOptions returns a store. nil options are the defaults.
func NewWithOptions(db *sql.DB, dialect Dialect, opts *Options) (*Store, error) {
	d, err := dialectOf(dialect)
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("sqlstore: the database is nil")
	}
	prefix := "webhook_"
	if opts != nil && opts.Prefix != "" {
		prefix = opts.Prefix
	}
	if !validPrefix.MatchString(prefix) {
		return nil, fmt.Errorf(
			"sqlstore: Options.Prefix: %q is not 1 to 32 letters, digits and underscores", prefix)
	}
	s := &Store{
		db: db, dialect: d, prefix: prefix, tables: d.words(prefix),
		prepared: map[string]*sql.Stmt{},
	}
	if d.serial {
		s.writer = make(chan struct{}, 1)
	}
	return s, nil
}

// validPrefix keeps names below what the databases allow (63 bytes, PostgreSQL)
// and free of anything that would need quotes.
var validPrefix = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)
