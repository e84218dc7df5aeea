from flask import Flask, request, jsonify
import hmac
import hashlib
import base64
import logging

app = Flask(__name__)
logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)

WEBHOOK_SECRET = 'your_secret_here'

def verify_signature(payload: bytes, signature: str) -> bool:
    expected = base64.b64encode(
        hmac.new(WEBHOOK_SECRET.encode(), payload, hashlib.sha256).digest()
    ).decode()
    return hmac.compare_digest(expected, signature)

@app.route('/webhook/order', methods=['POST'])
def handle_order_webhook():
    # 1. Verify signature
    signature = request.headers.get('X-Frappe-Webhook-Signature')
    if signature and not verify_signature(request.data, signature):
        logger.warning('Invalid webhook signature')
        return jsonify({'error': 'Invalid signature'}), 401
    
    # 2. Parse data
    try:
        data = request.json
        doctype = data.get('doctype')
        docname = data.get('name')
        doc_data = data.get('data', {})
    except Exception as e:
        logger.error(f'Failed to parse webhook: {e}')
        return jsonify({'error': 'Invalid payload'}), 400
    
    # 3. Log receipt
    logger.info(f'Received webhook: {doctype}/{docname}')
    
    # 4. Process (fast - queue long operations)
    try:
        if doctype == 'Sales Order':
            process_sales_order(docname, doc_data)
    except Exception as e:
        logger.error(f'Webhook processing failed: {e}')
        # Return 200 anyway to prevent retries
    
    # 5. Return quickly
    return jsonify({'status': 'received'}), 200

def process_sales_order(name, data):
    """Process Sales Order webhook."""
    status = data.get('status')
    grand_total = data.get('grand_total', 0)
    
    if status == 'To Deliver and Bill' and grand_total > 10000:
        # Notify sales team for large orders
        send_notification(name, grand_total)

if __name__ == '__main__':
    app.run(port=5000)
