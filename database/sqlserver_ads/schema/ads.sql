-- Campaigns, what they cost and what they brought: what PromptAds owns.
CREATE SCHEMA ads AUTHORIZATION dbo;
