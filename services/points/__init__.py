"""The points service: ledger, earning, redeeming, months and settlement."""
