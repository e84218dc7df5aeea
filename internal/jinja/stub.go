package jinja

import (
	"context"
	"text/template"
	"time"

	"github.com/docevent/webhook/internal/value"
)

type Lang int

const (
	Jinja Lang = iota
	GoTemplate
)

type Env struct{}
type Condition struct{}
type Template struct{}
type Error struct {
	Line, Column int
	Err          error
}

func (e *Error) Error() string                                             { return "" }
func NewEnv(f template.FuncMap) (*Env, error)                              { return &Env{}, nil }
func LenientEnv() *Env                                                     { return &Env{} }
func (e *Env) Condition(n, s string, l Lang) (*Condition, error)           { return &Condition{}, nil }
func (e *Env) Template(n, s string, l Lang) (*Template, error)             { return &Template{}, nil }
func (c *Condition) Eval(ctx context.Context, s *Scope) (bool, error)      { return true, nil }
func (t *Template) Render(ctx context.Context, s *Scope, sink Sink) error { return nil }

type Sink interface {
	Text(string) error
	Value(any) error
}
type Text struct{}

func NewText(dst []byte, max int) *Text { return &Text{} }
func (t *Text) Bytes() []byte           { return nil }
func (t *Text) Text(string) error       { return nil }
func (t *Text) Value(any) error         { return nil }

type Event struct {
	ID, Type, DocType, Name, User, Tenant string
	Time                                  time.Time
}
type Scope struct {
	Doc, Previous any
	HasPrevious   bool
	DocType, Name string
	Event         Event
	Now           time.Time
	Location      *time.Location
	Timeout       time.Duration
}

func (s *Scope) Document() (any, error) { return value.Of(s.Doc) }
func (s *Scope) Field(name string) (any, error) {
	v, err := value.Of(s.Doc)
	if err != nil {
		return nil, err
	}
	f, ok, err := value.Get(v, name)
	if !ok {
		return value.Undefined{}, err
	}
	return f, err
}

type TrialState interface {
	Text(string) error
	Hole(bool) error
	Close() error
}

func (t *Template) Try(newState func() TrialState) (ok, broken int, first *Error) { return 1, 0, nil }
