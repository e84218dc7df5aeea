package jsonbody_test

import (
	"strconv"
	"testing"

	"github.com/docevent/webhook/internal/jsonbody"
	"github.com/docevent/webhook/internal/value"
)

// sink is what a template renders to.
type sink interface {
	Text(string) error
	Value(any) error
}

// unchecked writes values as text, as a template without JSON would.
type unchecked struct{ buf []byte }

func (u *unchecked) Text(s string) error {
	u.buf = append(u.buf, s...)
	return nil
}

func (u *unchecked) Value(v any) (err error) {
	u.buf, err = value.AppendStr(u.buf, v)
	return err
}

// order writes the body of an order with n items, laid out as people write it.
func order(s sink, items []map[string]any) {
	_ = s.Text("{\n    \"order_id\": \"")
	_ = s.Value("SO-0001")
	_ = s.Text("\",\n    \"customer\": \"")
	_ = s.Value("ACME Corp")
	_ = s.Text("\",\n    \"total\": ")
	_ = s.Value(15000.5)
	_ = s.Text(",\n    \"items\": [\n        ")
	for i, item := range items {
		_ = s.Text("\n        {\n            \"item_code\": \"")
		_ = s.Value(item["item_code"])
		_ = s.Text("\",\n            \"qty\": ")
		_ = s.Value(item["qty"])
		_ = s.Text("\n        }")
		if i+1 < len(items) {
			_ = s.Text(",")
		}
		_ = s.Text("\n        ")
	}
	_ = s.Text("\n    ]\n}")
}

func items(n int) []map[string]any {
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = map[string]any{"item_code": "ITEM-" + strconv.Itoa(i), "qty": i}
	}
	return list
}

func BenchmarkOrder(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		list := items(n)
		b.Run("unchecked/"+strconv.Itoa(n), func(b *testing.B) {
			u := &unchecked{}
			for b.Loop() {
				u.buf = u.buf[:0]
				order(u, list)
			}
		})
		b.Run("checked/"+strconv.Itoa(n), func(b *testing.B) {
			var memo jsonbody.Memo
			var buf []byte
			w := &jsonbody.Writer{}
			for b.Loop() {
				w.Reset(&memo, buf[:0], 1<<20)
				order(w, list)
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				buf = w.Bytes()
			}
		})
		b.Run("checked without memo/"+strconv.Itoa(n), func(b *testing.B) {
			var buf []byte
			for b.Loop() {
				w := jsonbody.New(buf[:0], 1<<20)
				order(w, list)
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				buf = w.Bytes()
			}
		})
	}
}

func BenchmarkFragment(b *testing.B) {
	text, err := value.AppendJSON(nil, items(100))
	if err != nil {
		b.Fatal(err)
	}
	fragment := value.JSON(text)
	b.SetBytes(int64(len(text)))
	var buf []byte
	for b.Loop() {
		w := jsonbody.New(buf[:0], 1<<20)
		if err := w.Value(fragment); err != nil {
			b.Fatal(err)
		}
		buf = w.Bytes()
	}
}
