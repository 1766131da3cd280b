"""The rules of points: earning, spending, redeeming, months, rules."""
