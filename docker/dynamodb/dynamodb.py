"""The DynamoDB endpoint of one region, as a WSGI application.

Moto keeps a store per region and takes the region from the signature. A node of the lab is the one store of its region, whoever asks:
the region in the signature is replaced by the node's, so that a client signing for another one meets the same tables and not a
second, silently empty set. Requests without a signature are not for DynamoDB and go to moto's own pages (/moto-api/).
"""

import os
import re

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

REGION = os.environ.get("REGION", "us-east-1")
SCOPE = re.compile(r"(Credential=[^/,\s]+/\d{8})/[^/]+/")

# Asked directly: the dispatcher looks at the files of moto's own folder, one by one and behind a lock, at each request.
_dynamodb = create_backend_app("dynamodb")
_pages = DomainDispatcherApplication(create_backend_app)


def application(environ, start_response):
    signature = environ.get("HTTP_AUTHORIZATION")
    if not signature:
        return _pages(environ, start_response)
    environ["HTTP_AUTHORIZATION"] = SCOPE.sub(rf"\1/{REGION}/", signature, count=1)
    return _dynamodb(environ, start_response)
