# One model service on Azure Container Apps: registry, identity that may only pull, environment, app.
# Values lie in terraform.tfvars.json; subscription_id, location and registry_name belong to your account and are asked for.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id
  features {}
}

variable "subscription_id" { type = string }
variable "location" { type = string }
variable "registry_name" {
  description = "5 to 50 letters and digits, unique in all of Azure."
  type        = string
}
variable "image_digest" {
  description = "sha256:... of the image to run; scripts/azure-container-apps.sh fills it in after the push."
  type        = string
}
variable "external" {
  description = "Whether it answers from outside of the environment."
  type        = bool
  default     = false
}
variable "name" { type = string }
variable "port" { type = number }
variable "cpu" { type = number }
variable "memory" { type = string }
variable "concurrency" { type = number }
variable "min_replicas" { type = number }
variable "max_queue" {
  description = "Requests under way above which a replica answers 503."
  type        = number
  default     = 64
}
variable "max_replicas" { type = number }

locals {
  app_name = trim(substr(var.name, 0, 32), "-")
}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.location
}

resource "azurerm_container_registry" "this" {
  name                = var.registry_name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "Basic"
  admin_enabled       = false
}

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
}

resource "azurerm_role_assignment" "pull" {
  scope                = azurerm_container_registry.this.id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
}

resource "azurerm_log_analytics_workspace" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "PerGB2018"
  retention_in_days   = 90
}

resource "azurerm_container_app_environment" "this" {
  name                       = var.name
  resource_group_name        = azurerm_resource_group.this.name
  location                   = azurerm_resource_group.this.location
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id
}

resource "azurerm_container_app" "this" {
  name                         = local.app_name
  resource_group_name          = azurerm_resource_group.this.name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
  registry {
    server   = azurerm_container_registry.this.login_server
    identity = azurerm_user_assigned_identity.this.id
  }
  ingress {
    external_enabled           = var.external
    allow_insecure_connections = false
    target_port                = var.port
    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }
  template {
    min_replicas = var.min_replicas
    max_replicas = var.max_replicas
    container {
      name   = "service"
      image  = "${azurerm_container_registry.this.login_server}/${var.name}@${var.image_digest}"
      cpu    = var.cpu
      memory = var.memory
      env {
        name  = "PORT"
        value = tostring(var.port)
      }
      env {
        name  = "PREDICTION_LOG"
        value = "/var/lib/predictions"
      }
      env {
        name  = "OMP_NUM_THREADS"
        value = "1"
      }
      env {
        name  = "MAX_QUEUE"
        value = tostring(var.max_queue)
      }
      volume_mounts {
        name = "predictions"
        path = "/var/lib/predictions"
      }
      startup_probe {
        transport               = "HTTP"
        port                    = var.port
        path                    = "/readyz"
        interval_seconds        = 2
        failure_count_threshold = 30
      }
      readiness_probe {
        transport               = "HTTP"
        port                    = var.port
        path                    = "/readyz"
        interval_seconds        = 5
        failure_count_threshold = 3
      }
      liveness_probe {
        transport               = "HTTP"
        port                    = var.port
        path                    = "/healthz"
        interval_seconds        = 10
        failure_count_threshold = 3
      }
    }
    volume {
      name         = "predictions"
      storage_type = "EmptyDir"
    }
    http_scale_rule {
      name                = "requests-in-flight"
      concurrent_requests = tostring(var.concurrency)
    }
  }
  depends_on = [azurerm_role_assignment.pull]
}

output "repository" { value = azurerm_container_registry.this.login_server }
output "url" { value = "https://${azurerm_container_app.this.ingress[0].fqdn}" }
output "image_digest" { value = var.image_digest }
