"""Terraform that is copied as it is; every value it uses comes from terraform.tfvars.json."""
