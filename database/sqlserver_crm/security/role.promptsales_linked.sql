-- PromptAds' queries over the linked server.
CREATE ROLE promptsales_linked AUTHORIZATION dbo;
