#!/bin/sh
# How it was deployed until now.
gcloud run deploy tea-shop \
  --image "europe-west1-docker.pkg.dev/tea-company/shop/web" \
  --region=europe-west1 --project tea-company
