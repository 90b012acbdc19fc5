-- People who keep the catalogue of channels and close what has ended, by procedures.
CREATE ROLE promptsales_ads_entry AUTHORIZATION dbo;
