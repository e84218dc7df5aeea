package main

func Example() {
	main()

	// Output:
	// SO-3: card declined
	// https://example.com/orders {"doctype":"Sales Order","name":"SO-1","data":{"name":"SO-1","customer":"Ada","total":120,"status":"Submitted"}} verified: true
}
