# Takes what ten webhooks of an ERP send, and tells what it saw, a line each.
import base64, hashlib, hmac, json
from flask import Flask, request

app = Flask(__name__)
SECRET = b'warehouse-secret'

@app.route('/<path:path>', methods=['POST', 'PUT', 'DELETE'])
def take(path):
    signature = request.headers.get('X-Frappe-Webhook-Signature')
    signed = base64.b64encode(hmac.new(SECRET, request.get_data(), hashlib.sha256).digest()).decode()
    print('SAW ' + json.dumps({
        'target': request.full_path.rstrip('?'),
        'method': request.method,
        'type': request.content_type,
        'signed': None if signature is None else hmac.compare_digest(signed, signature),
        'key': request.headers.get('X-Api-Key') or request.headers.get('Authorization'),
        'body': request.get_json(),
    }))
    return 'OK'

if __name__ == '__main__':
    app.run(port=5000)
