-- After a deployment: sensible rules where nobody ever made any. What their owner changed or deleted stays so, which the history of the table tells.
IF NOT EXISTS (SELECT 1 FROM ads.budget_rules FOR SYSTEM_TIME ALL AS r)
  INSERT INTO ads.budget_rules (rule_id, country, client_id, most_per_month, most_change_percent, fewest_share, most_share, may_exceed_budget)
  VALUES ('everywhere', NULL, NULL, 250000, 50, NULL, 0.9, 0);
