// Package e2e delivers to real receivers: the programs that the documentation of
// Frappe webhooks and of Frappe Cloud gives to its readers, in testdata as they
// stand there, run by Python's Flask as separate processes.
//
// Its tests need python3 with Flask and have the build tag e2e:
//
//	go test -tags e2e ./internal/e2e
package e2e
