package webhook

// What the tests reach of the sender's side.
var (
	SignRequest    = signRequest
	NewSigner      = newSigner
	ValidateSecret = validateSecret
)

// SignWith signs by a kept signer.
var SignWith = (*signer).sign
