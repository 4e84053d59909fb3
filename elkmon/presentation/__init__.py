"""What people read: findings in plain language, plots, mails and pages. Delivers nothing and judges nothing."""
