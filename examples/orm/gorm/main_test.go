package main

func Example() {
	main()

	// Unordered output:
	// Order 2: card declined
	// https://example.com/new {"doctype":"Sales Order","name":"1","data":{"id":1,"customer":"Ada \"the first\"","total":120,"status":"Draft"}} verified: true
	// https://example.com/new {"doctype":"Sales Order","name":"2","data":{"id":2,"customer":"Grace","total":80,"status":"Draft"}} verified: true
	// https://example.com/paid {"order": "1", "customer": "Ada \"the first\"", "was": "Draft"} verified: true
}
