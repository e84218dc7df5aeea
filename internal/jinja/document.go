package jinja

import "github.com/docevent/webhook/internal/value"

// Document returns the document as the templates see it.
func (s *Scope) Document() (any, error) { return s.document() }

// Field returns a field of the document, Undefined if it has none of that name.
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
