"""How an order becomes a parcel: not the pipeline that deploys."""
