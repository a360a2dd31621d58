"""The Open Inference Protocol, version 2, over REST: tensors in JSON and in binary, both ways.

    request = read_request(body, header, limits)     # tensors by their names, and wishes
    inputs, rows = Binding(signature).arrays(request.tensors)
    body, header = write_answer(request, told, outputs)

Knows no model and no HTTP. The protocol is that of github.com/kserve/open-inference-protocol, with
the extension for binary tensors of github.com/triton-inference-server/server. One thing is our own:
``null`` among the data of a tensor is a missing value.
"""
