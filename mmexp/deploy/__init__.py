"""Take a trained run elsewhere: export it, make it smaller, package it, serve it."""
