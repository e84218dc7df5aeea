package jinja

import "github.com/docevent/webhook/internal/value"

func LenientEnv() *Env { e, _ := NewEnv(nil); return e }

// Document returns the document as the templates see it.
func (s *Scope) Document() (any, error) { return s.document() }

func (s *Scope) Field(name string) (any, error) {
	v, err := s.document()
	if err != nil {
		return nil, err
	}
	f, ok, err := value.Get(v, name)
	switch {
	case ok || err != nil:
		return f, err
	case name == "name" && s.Name != "":
		return s.Name, nil
	case name == "doctype" && s.DocType != "":
		return s.DocType, nil
	}
	return value.Undefined{}, nil
}

type TrialState interface {
	Text(string) error
	Hole(bool) error
	Close() error
}

func (t *Template) Try(newState func() TrialState) (ok, broken int, first *Error) { return 1, 0, nil }
