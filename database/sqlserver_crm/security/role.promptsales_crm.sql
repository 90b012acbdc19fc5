-- crm_analyzer: moves leads through their stages. It writes no table by itself, and sees no personal data.
CREATE ROLE promptsales_crm AUTHORIZATION dbo;
