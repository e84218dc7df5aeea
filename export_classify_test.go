package webhook

// What the tests reach of how answers are read.
var RetryAfter = retryAfter
