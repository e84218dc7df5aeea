import hmac
import hashlib
import base64

def verify_webhook_signature(payload: bytes, signature: str, secret: str) -> bool:
    """Verify Frappe webhook HMAC signature."""
    expected = base64.b64encode(
        hmac.new(
            secret.encode(),
            payload,
            hashlib.sha256
        ).digest()
    ).decode()
    return hmac.compare_digest(expected, signature)

# Flask example
from flask import Flask, request, jsonify

app = Flask(__name__)
WEBHOOK_SECRET = 'your_secret_here'

@app.route('/webhook/sales-order', methods=['POST'])
def handle_webhook():
    signature = request.headers.get('X-Frappe-Webhook-Signature')
    
    if signature:
        if not verify_webhook_signature(request.data, signature, WEBHOOK_SECRET):
            return jsonify({'error': 'Invalid signature'}), 401
    
    data = request.json
    process_webhook(data)
    
    return jsonify({'status': 'received'}), 200
