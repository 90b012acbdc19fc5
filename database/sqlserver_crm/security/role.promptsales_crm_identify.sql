-- People who may see who a customer is; each look leaves a line in crm.identity_reads.
CREATE ROLE promptsales_crm_identify AUTHORIZATION dbo;
