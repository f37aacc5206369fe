"""From a raw value to a tensor, and from tensors to a padded batch; runs in loader workers."""
