package webhook

import (
	"fmt"
	"strings"
)

// An opError is an error together with what was being done, or to which webhook.
// All errors of this package begin with "webhook: "; in its text that stands
// once, however often errors wrap each other.
type opError struct {
	op  string // such as `webhook: resend "msg_1"` or `webhook "Orders"`
	err error
}

// wrap returns err with what was being done. The format begins with "webhook".
func wrap(err error, format string, args ...any) error {
	return &opError{op: fmt.Sprintf(format, args...), err: err}
}

func (e *opError) Error() string {
	return e.op + ": " + strings.TrimPrefix(e.err.Error(), "webhook: ")
}

func (e *opError) Unwrap() error { return e.err }
