"""JSON schemas of custom resources, made from the CRDs of KEDA and KServe (both Apache-2.0): without descriptions and
status, equal parts written once, unknown keys refused where the CRD lists what there is."""
