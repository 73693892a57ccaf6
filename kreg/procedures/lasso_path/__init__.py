"""The lasso path of anybody's table: rows and folds, solvers, cross-validation, outcome, page."""
