package main

import (
	"context"
	"os"
	"runtime/pprof"
	"time"

	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/jsonbody"
)

const outputLimit = 1 << 20

var env = must(jinja.NewEnv(nil))

func scope(doc any) *jinja.Scope {
	return &jinja.Scope{Doc: doc, Now: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)}
}

func ourCondition(source string, doc any) func() ([]byte, bool) {
	c := must(env.Condition("condition", source, jinja.Jinja))
	s := scope(doc)
	ctx := context.Background()
	return func() ([]byte, bool) {
		ok, err := c.Eval(ctx, s)
		return nil, ok && err == nil
	}
}

func ourBody(source string, doc any, checked bool) func() ([]byte, bool) {
	t := must(env.Template("body", source, jinja.Jinja))
	if !checked {
		return unchecked(t, doc)
	}
	return checkedBody(t, doc)
}

func ourGoBody(source string, doc map[string]any) func() ([]byte, bool) {
	return checkedBody(must(env.Template("body", source, jinja.GoTemplate)), doc)
}

func checkedBody(t *jinja.Template, doc any) func() ([]byte, bool) {
	s := scope(doc)
	ctx := context.Background()
	var memo jsonbody.Memo
	var w jsonbody.Writer
	var buf []byte
	return func() ([]byte, bool) {
		w.Reset(&memo, buf[:0], outputLimit)
		err := t.Render(ctx, s, &w)
		if err == nil {
			err = w.Close()
		}
		buf = w.Bytes()
		return buf, err == nil
	}
}

func unchecked(t *jinja.Template, doc any) func() ([]byte, bool) {
	s := scope(doc)
	ctx := context.Background()
	var buf []byte
	return func() ([]byte, bool) {
		w := jinja.NewText(buf[:0], outputLimit)
		err := t.Render(ctx, s, w)
		buf = w.Bytes()
		return buf, err == nil
	}
}

func profileBody(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	run := ourBody(jinjaBody, newOrder(100).asMap(), true)
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	for start := time.Now(); time.Since(start) < 3*time.Second; {
		run()
	}
	pprof.StopCPUProfile()
	return f.Close()
}
