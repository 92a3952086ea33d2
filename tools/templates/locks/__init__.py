"""What the image of a service installs, with the hash of every wheel: `onnx.txt` and `skops.txt`, made from the `.in` files.

Made anew (only then is a network needed), for each KIND:
`uv pip compile tools/templates/locks/KIND.in -c constraints.txt --universal --python-version 3.11 --generate-hashes
--only-binary :all: --no-emit-index-url --no-header -o tools/templates/locks/KIND.txt`
"""
