// Package e2e delivers to real receivers: the programs that the documentation of
// Frappe webhooks and of Frappe Cloud gives to its readers, in testdata as they
// stand there, run by Python's Flask as separate processes.
//
// Webhooks exported from Frappe are delivered to one of its own, the documents'
// example to httpbin, and the verifiers of docs/receivers.md are run by their
// interpreters: those of node and php are skipped where these are missing.
//
// Its tests need python3 with Flask and httpbin, and have the build tag e2e:
//
//	go test -tags e2e ./internal/e2e
package e2e
