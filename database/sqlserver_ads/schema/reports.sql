-- Questions of the business that PromptAds answers by itself.
CREATE SCHEMA reports AUTHORIZATION dbo;
