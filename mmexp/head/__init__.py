"""Networks that a task puts behind the fusion."""
