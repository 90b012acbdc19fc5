GRANT EXECUTE ON ads.read_budget_state TO promptsales_ads;
GO
GRANT EXECUTE ON ads.check_budget_plan TO promptsales_ads;
GO
GRANT EXECUTE ON ads.apply_budget_plan TO promptsales_ads;
GO
GRANT EXECUTE ON TYPE::ads.budget_change TO promptsales_ads;
