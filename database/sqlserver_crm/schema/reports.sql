-- Questions of the business that PromptCRM answers by itself (../showcase).
CREATE SCHEMA reports AUTHORIZATION dbo;
