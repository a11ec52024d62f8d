"""Series: tables in time order, frames cut from them, their splits and scalers."""
