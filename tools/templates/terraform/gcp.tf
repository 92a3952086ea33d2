# One model service on Cloud Run: registry, an identity without rights, the service, callers named one by one.
# Values lie in terraform.tfvars.json; project and region belong to your account and are asked for.

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0, < 8.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

variable "project" { type = string }
variable "region" { type = string }
variable "image_digest" {
  description = "sha256:... of the image to run; scripts/gcp-cloud-run.sh fills it in after the push."
  type        = string
}
variable "callers" {
  description = "Who may call it, such as serviceAccount:shop@PROJECT.iam.gserviceaccount.com. Nobody when empty."
  type        = list(string)
  default     = []
}
variable "ingress" {
  description = "INGRESS_TRAFFIC_INTERNAL_ONLY, or INGRESS_TRAFFIC_ALL (callers still need an identity token)."
  type        = string
  default     = "INGRESS_TRAFFIC_INTERNAL_ONLY"
}
variable "name" { type = string }
variable "port" { type = number }
variable "cpu" { type = string }
variable "memory" { type = string }
variable "concurrency" { type = number }
variable "min_replicas" { type = number }
variable "max_queue" {
  description = "Requests under way above which a replica answers 503."
  type        = number
  default     = 64
}
variable "max_replicas" { type = number }

resource "google_project_service" "needed" {
  for_each           = toset(["run.googleapis.com", "artifactregistry.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "this" {
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  docker_config {
    immutable_tags = true
  }
  depends_on = [google_project_service.needed]
}

# The service calls nothing, so its identity has no role at all.
resource "google_service_account" "this" {
  account_id   = length(var.name) < 6 ? "${var.name}-model" : trim(substr(var.name, 0, 30), "-")
  display_name = "Model service ${var.name}"
}

resource "google_cloud_run_v2_service" "this" {
  name     = var.name
  location = var.region
  ingress  = var.ingress

  template {
    service_account                  = google_service_account.this.email
    max_instance_request_concurrency = var.concurrency
    timeout                          = "30s"
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    scaling {
      min_instance_count = var.min_replicas
      max_instance_count = var.max_replicas
    }
    containers {
      image = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}/${var.name}@${var.image_digest}"
      ports {
        container_port = var.port
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
      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
        startup_cpu_boost = true
      }
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 30
        http_get {
          path = "/readyz"
        }
      }
      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/healthz"
        }
      }
      volume_mounts {
        name       = "predictions"
        mount_path = "/var/lib/predictions"
      }
    }
    volumes {
      name = "predictions"
      empty_dir {
        medium     = "MEMORY"
        size_limit = "64Mi"
      }
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_cloud_run_v2_service_iam_member" "callers" {
  for_each = toset(var.callers)
  name     = google_cloud_run_v2_service.this.name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

output "repository" { value = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}" }
output "url" { value = google_cloud_run_v2_service.this.uri }
output "image_digest" { value = var.image_digest }
