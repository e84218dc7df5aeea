.PHONY: e2e

# e2e delivers to the Python receivers of the documentation. It needs Debian's
# python3-flask, and says so if that is missing.
e2e:
	go test -tags e2e -count=1 ./internal/e2e
