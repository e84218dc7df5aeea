# httpbin as Debian packages it, on loopback.
from httpbin import app

if __name__ == '__main__':
    app.run(port=5000)
